/// Why a command came to nothing, in words for its user.
package struct CommandError: Error {
    package let message: String
    /// The exit status: 2 when the command line was wrong, 1 when the attempt failed.
    package let status: Int32

    package init(message: String, status: Int32) {
        self.message = message
        self.status = status
    }

    /// The command line is not what the command takes.
    package static func usage(_ message: String) -> CommandError {
        CommandError(message: message, status: 2)
    }

    /// The command line was right, but what it asks for could not be done.
    package static func failure(_ message: String) -> CommandError {
        CommandError(message: message, status: 1)
    }
}
