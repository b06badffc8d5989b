/// Why a call of the system failed.
public struct DeviceError: Error, Equatable, Sendable {
    /// What was to be done, such as "open TAP device tap0".
    public let operation: String
    /// The system's error number, such as `EPERM`.
    public let code: Int32
    /// What may help; empty where there is nothing to say.
    public let advice: String

    public init(operation: String, code: Int32, advice: String = "") {
        self.operation = operation
        self.code = code
        self.advice = advice
    }

    /// From what a shim returned: the negative error number.
    init(_ operation: String, result: Int32, advice: String = "") {
        self.init(operation: operation, code: 0 &- result, advice: advice)
    }
}

extension DeviceError: CustomStringConvertible {
    /// Such as "cannot open TAP device tap0: Operation not permitted".
    public var description: String {
        let text = "cannot \(operation): \(SystemErrorText.of(code))"
        return advice.isEmpty ? text : "\(text) (\(advice))"
    }
}
