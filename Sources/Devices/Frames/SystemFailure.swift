/// An error number, before somebody says what was being done.
struct SystemFailure: Error {
    let code: Int32
}
