import Devices
import Glibc
import Memory
import Stack

/// Bytes of connections, both ways, as far as they are taken: what one side does not take stays with
/// the other, whose window then closes. They stand in the host's queues only and are moved by the system.
extension Gateway {
    /// What a call on the machine's socket did.
    private enum Step {
        case moved(Int, of: Int)
        case ended
        case failed(CInt)
    }

    func pump(_ flow: StreamFlow, _ host: inout Host) {
        guard let endpoint = flow.endpoint else { return }
        if flow.isWritable, !flow.hasEndedInside { pumpOut(flow, endpoint, &host) }
        guard case .open = flow.phase else { return }
        if flow.isReadable, !flow.hasEnded { pumpIn(flow, endpoint, &host) }
        guard case .open = flow.phase else { return }
        if flow.hasEnded, flow.hasEndedInside { end(flow, &host, resets: false) }
    }

    // MARK: - Out

    private func pumpOut(_ flow: StreamFlow, _ endpoint: EndpointID, _ host: inout Host) {
        guard flow.preface.isEmpty || sendPreface(flow, &host) else { return }
        while flow.isWritable {
            var step = Step.ended
            do throws(StackError) {
                let count = try host.lendReceived(endpoint) { queue, limit in
                    let limit = min(limit, StreamFlow.largeRead)
                    do throws(DeviceError) {
                        let taken = try flow.socket.send(queue, atMost: limit)
                        step = .moved(taken, of: limit)
                        return taken
                    } catch {
                        step = .failed(error.code)
                        return 0
                    }
                }
                statistics.bytesOut &+= UInt64(count)
            } catch {
                if error == .wouldBlock { return }
                // Reset inside, or given up there.
                return end(flow, &host, resets: true)
            }
            switch step {
            case .moved(let count, let wanted):
                // The machine tells when there is room again.
                if count < wanted { flow.isWritable = false }
            case .ended:
                flow.hasEndedInside = true
                try? flow.socket.shutdown(receiving: false, sending: true)
                return
            case .failed(EAGAIN):
                flow.isWritable = false
            case .failed:
                return end(flow, &host, resets: true)
            }
        }
    }

    /// Sends what goes before; whether all of it went.
    private func sendPreface(_ flow: StreamFlow, _ host: inout Host) -> Bool {
        do throws(DeviceError) {
            let preface = flow.preface
            let count = try flow.socket.send(preface.span)
            flow.preface.removeFirst(count)
        } catch {
            if error.code != EAGAIN { end(flow, &host, resets: true) }
            flow.isWritable = false
        }
        if !flow.preface.isEmpty { flow.isWritable = false }
        return flow.preface.isEmpty
    }

    // MARK: - In

    private func pumpIn(_ flow: StreamFlow, _ endpoint: EndpointID, _ host: inout Host) {
        while flow.isReadable {
            var step = Step.ended
            do throws(StackError) {
                let count = try host.lendRoom(endpoint) { queue, room in
                    let limit = min(room, flow.readCount)
                    do throws(DeviceError) {
                        let count = try flow.socket.receive(into: &queue, atMost: limit)
                        if count > 0 { step = .moved(count, of: limit) }
                        return count
                    } catch {
                        step = .failed(error.code)
                        return 0
                    }
                }
                statistics.bytesIn &+= UInt64(count)
            } catch {
                if error == .wouldBlock { return }
                return end(flow, &host, resets: true)
            }
            switch step {
            case .moved(let count, let wanted):
                if count == wanted {
                    if wanted == flow.readCount {
                        flow.readCount = min(flow.readCount * 2, StreamFlow.largeRead)
                    }
                } else {
                    // All that there was, unless the end waits behind it.
                    flow.isReadable = flow.isEnding
                    flow.readCount = max(StreamFlow.smallRead, flow.readCount / 2)
                }
            case .ended:
                flow.hasEnded = true
                try? host.shutdown(endpoint, .sending)
                return
            case .failed(EAGAIN):
                flow.isReadable = false
            case .failed(ENOBUFS):
                // Memory is short: others' bytes must leave first.
                unfinished.append(flow)
                scheduleSweep(at: host.now)
                return
            case .failed:
                return end(flow, &host, resets: true)
            }
        }
    }
}
