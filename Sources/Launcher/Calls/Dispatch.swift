import Glibc
import Memory

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

    func reply(to call: SystemCall) -> Reply {
        do throws(SystemError) {
            if call.name == .socket { return try socketCall(call) }
            guard let index = borrowed(by: call) else { return .carryOn }
            return switch call.name {
            case .connect: try connectCall(call, index)
            case .bind: try bindCall(call, index)
            case .listen: listenCall(call, index)
            case .accept, .accept4: acceptCall(call, index)
            case .getsockname: try getsocknameCall(call, index)
            case .getpeername: try getpeernameCall(call, index)
            case .setsockopt: try setsockoptCall(call, index)
            case .getsockopt: try getsockoptCall(call, index)
            case .sendto: try sendtoCall(call, index)
            case .recvfrom: try recvfromCall(call, index)
            case .sendmsg: try sendmsgCall(call, index)
            case .recvmsg: try recvmsgCall(call, index)
            case .sendmmsg: try sendmmsgCall(call, index)
            case .recvmmsg: try recvmmsgCall(call, index)
            case .socket, .shutdown, .ioctl, .other: .carryOn
            }
        } catch {
            return .failure(error)
        }
    }

    /// The socket that the call names, nil where it is not one of ours.
    private func borrowed(by call: SystemCall) -> SlabIndex? {
        let descriptor = CallerDescriptor(thread: call.thread, number: call.descriptor)
        guard let inode = descriptor.inode, let index = registry.find(inode: inode) else {
            return nil
        }
        registry[index].holder = descriptor
        return index
    }

    /// The flow behind a socket, opened when it is first needed.
    func flow(of index: SlabIndex) throws(SystemError) -> FlowID {
        if let flow = registry[index].flow { return flow }
        let flow =
            switch registry[index].kind {
            case .stream: try flows.openStream()
            case .datagram: try flows.openDatagram()
            }
        registry.attach(flow, to: index)
        for option in registry[index].options.effective { flows.setOption(flow, option) }
        return flow
    }
}
