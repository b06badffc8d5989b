import Glibc
import Memory

extension Supervisor {
    /// listen(2) is refused as on a socket whose type cannot: the one error of the manual that says
    /// so, which servers report in words ("Operation not supported") and do not try again.
    func listenCall(_ call: SystemCall, _ index: SlabIndex) -> Reply {
        .failure(EOPNOTSUPP)
    }

    /// accept(2) on a socket that does not listen.
    func acceptCall(_ call: SystemCall, _ index: SlabIndex) -> Reply {
        .failure(registry[index].kind == .stream ? EINVAL : EOPNOTSUPP)
    }
}
