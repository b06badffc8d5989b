import Devices
import Sockets

/// What is done for PUT (RFC 9110 §9.3.4).
extension HTTPService {
    /// Stores the body under the target's name, in place of what had it before, once all of it is
    /// there.
    func put(
        _ target: HTTPTarget, _ head: HTTPRequestHead, _ exchange: inout HTTPExchange
    ) async throws(SocketError) -> HTTPAnswer {
        guard isWritable, case .directory(let directory) = source else { return methodNotAllowed }
        let upload: Upload
        do throws(HTTPRefusal) {
            try checkUpload(head)
            upload = try directory.beginUpload(to: target)
        } catch {
            return .refusal(error)
        }
        if head.minorVersion >= 1, !head.fields.list("expect").isEmpty {
            try await exchange.sendContinue()
        }
        if let refusal = try await store(upload, &exchange) { return .refusal(refusal) }
        do throws(DeviceError) {
            return try upload.commit() ? .created : .noContent
        } catch {
            return .refusal(HTTPRefusal(error))
        }
    }

    /// What speaks against a body before it comes.
    private func checkUpload(_ head: HTTPRequestHead) throws(HTTPRefusal) {
        guard head.fields.values("content-range").isEmpty else {
            throw HTTPRefusal(.badRequest, "A part of a file cannot be put.")
        }
        switch try BodyFraming(of: head) {
        case .none: throw HTTPRefusal(.lengthRequired, "The length of the file is missing.")
        case .length(let count) where count > limits.upload: throw Self.tooLarge
        case .length, .chunked: break
        }
    }

    /// Receives the body into `upload`; why that failed, nil when it did not.
    private func store(
        _ upload: Upload, _ exchange: inout HTTPExchange
    ) async throws(SocketError) -> HTTPRefusal? {
        var count = 0
        while true {
            switch try await exchange.nextPiece() {
            case .end: return nil
            case .refused(let refusal):
                exchange.isOver = true
                return refusal
            case .bytes(let bytes):
                count += bytes.count
                guard count <= limits.upload else { return Self.tooLarge }
                do throws(DeviceError) {
                    try upload.write(bytes)
                } catch {
                    return HTTPRefusal(error)
                }
            }
        }
    }

    private static var tooLarge: HTTPRefusal {
        HTTPRefusal(.contentTooLarge, "The file is too large.")
    }
}
