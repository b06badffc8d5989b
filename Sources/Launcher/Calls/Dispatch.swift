import Glibc
import Memory
import Sockets
import Stack

extension Supervisor {
    /// Does what a call asks for and answers it.
    func answer(_ call: SystemCall) {
        switch lostAnswer(to: call) ?? reply(to: call) {
        case .value(let value): listener.answer(call, value)
        case .failure(let error): listener.refuse(call, error)
        case .carryOn: listener.carryOn(call)
        case .answered, .parked: break
        }
    }

    private func reply(to call: SystemCall) -> Reply {
        do throws(SocketError) {
            if call.name == .socket { return try socketCall(call) }
            let descriptor = CallerDescriptor(thread: call.thread, number: call.descriptor)
            let known = call.name == .ioctl ? descriptor.inodeByName : descriptor.inode
            guard let inode = known else { return .carryOn }
            guard let index = registry.find(inode: inode) else {
                return call.name == .ioctl ? try ioctlOfAnother(call) : .carryOn
            }
            registry[index].holder = descriptor
            return try reply(to: call, index)
        } catch {
            return .failure(error)
        }
    }

    private func reply(to call: SystemCall, _ index: SlabIndex) throws(SocketError) -> Reply {
        let isStream = registry[index].isStream
        return switch call.name {
        case .connect: try connectCall(call, index)
        case .bind: try bindCall(call, index)
        case .listen: try listenCall(call, index)
        case .accept, .accept4: try acceptCall(call, index)
        case .getsockname: try getsocknameCall(call, index)
        case .getpeername: try getpeernameCall(call, index)
        case .setsockopt: try setsockoptCall(call, index)
        case .getsockopt: try getsockoptCall(call, index)
        case .sendto: isStream ? try sendOnStream(call, index) : try sendtoCall(call, index)
        case .recvfrom:
            isStream ? try receiveFromStream(call, index) : try recvfromCall(call, index)
        case .sendmsg: isStream ? try sendmsgOnStream(call, index) : try sendmsgCall(call, index)
        case .recvmsg:
            isStream ? try recvmsgFromStream(call, index) : try recvmsgCall(call, index)
        case .sendmmsg: isStream ? .carryOn : try sendmmsgCall(call, index)
        case .recvmmsg: isStream ? .carryOn : try recvmmsgCall(call, index)
        case .shutdown: try shutdownCall(call, index)
        case .ioctl: try ioctlCall(call, index)
        case .socket, .other: .carryOn
        }
    }

    /// Notes whose port a socket has got, once.
    func noteName(_ call: SystemCall, _ index: SlabIndex) {
        guard !registry[index].isNamed else { return }
        let socket = registry[index].socket
        guard let proto = socket.kind.proto(socket.family),
            let port = try? socket.localAddress.port, port != 0
        else { return }
        registry[index].isNamed = true
        setting.names.note(call.programName, proto, localPort: port)
    }

    /// Makes a call on the network whose packets are the caller's.
    func asProgram<Result>(
        of call: SystemCall, _ index: SlabIndex, _ body: () throws(SocketError) -> Result
    ) throws(SocketError) -> Result {
        guard !registry[index].isNamed else { return try body() }
        setting.names.begin(call.programName)
        defer {
            setting.names.begin(nil)
            noteName(call, index)
        }
        return try body()
    }
}
