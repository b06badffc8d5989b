import CLinux
import Glibc
import Testing

/// Which calls of a program are reported, seen from the filter's own side.
@Suite("The filter reports what the stack must answer", .enabled(if: Workshop.isAvailable))
struct FilterTests {
    /// Runs a program under the filter and refuses each call that is reported: their numbers.
    private func reported(by program: String) throws -> [clinux_call] {
        var process: pid_t = 0
        var listener: CInt = -1
        var stage: CInt = 0
        var mask = sigset_t()
        unsafe sigemptyset(&mask)
        let name = unsafe strdup(program)
        defer { unsafe free(name) }
        let error = unsafe withUnsafePointer(to: &mask) { mask in
            let arguments = unsafe [name, nil]
            return unsafe arguments.withUnsafeBufferPointer { arguments in
                var program = unsafe clinux_program(
                    file: name, arguments: arguments.baseAddress, environment: environ,
                    mask: mask, ignores_children: 0)
                return unsafe clinux_spawn_filtered(&program, &process, &listener, &stage)
            }
        }
        try #require(error == 0)
        defer { close(listener) }
        var calls: [clinux_call] = []
        while true {
            var wait = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&wait, 1, 20_000) == 1, wait.revents & Int16(POLLIN) != 0 else {
                break
            }
            var call = clinux_notification()
            guard unsafe clinux_seccomp_receive(listener, &call) == 0 else { continue }
            calls.append(clinux_call(rawValue: UInt32(call.call)))
            _ = clinux_seccomp_answer(listener, call.id, 0, EPERM)
        }
        var status: CInt = 0
        unsafe waitpid(process, &status, 0)
        #expect(status == 0)
        return calls
    }

    @Test(arguments: [false, true]) func callsOfEveryKind(isStatic: Bool) throws {
        let program = try #require(Workshop.program("calls", isStatic: isStatic))
        let sockets = [clinux_call](repeating: CLINUX_CALL_SOCKET, count: 5)
        let controls = [clinux_call](repeating: CLINUX_CALL_IOCTL, count: 8)
        #expect(
            try reported(by: program) == sockets + [
                CLINUX_CALL_CONNECT, CLINUX_CALL_BIND, CLINUX_CALL_LISTEN, CLINUX_CALL_ACCEPT,
                CLINUX_CALL_ACCEPT4, CLINUX_CALL_GETSOCKNAME, CLINUX_CALL_GETPEERNAME,
                CLINUX_CALL_SETSOCKOPT, CLINUX_CALL_GETSOCKOPT, CLINUX_CALL_SHUTDOWN,
                CLINUX_CALL_SENDTO, CLINUX_CALL_SENDTO, CLINUX_CALL_SENDTO, CLINUX_CALL_SENDTO,
                CLINUX_CALL_RECVFROM, CLINUX_CALL_RECVFROM, CLINUX_CALL_RECVFROM,
                CLINUX_CALL_SENDMSG, CLINUX_CALL_RECVMSG, CLINUX_CALL_SENDMMSG,
                CLINUX_CALL_RECVMMSG,
            ] + controls)
    }
}
