import Devices
import Glibc
import Memory
import Stack

extension HostEndpoint {
    func takeBytes(
        from source: SystemSocket, atMost limit: Int
    ) throws(SocketError) -> MovedBytes {
        var outcome = MovedBytes.noRoom
        do throws(SocketError) {
            _ = try call("send") { (host: inout Host) throws(StackError) in
                try host.lendRoom(id) { queue, room in
                    do throws(DeviceError) {
                        let count = try source.receive(into: &queue, atMost: min(room, limit))
                        outcome = count == 0 ? .ended : .moved(count)
                        return count
                    } catch {
                        outcome = Self.outcome(of: error, orElse: .nothing)
                        return 0
                    }
                }
            }
        } catch {
            guard error.isWouldBlock else { throw error }
        }
        return outcome
    }

    func giveBytes(
        to sink: SystemSocket, atMost limit: Int
    ) throws(SocketError) -> MovedBytes {
        var outcome = MovedBytes.ended
        do throws(SocketError) {
            _ = try call("recv") { (host: inout Host) throws(StackError) in
                try host.lendReceived(id) { queue, count in
                    do throws(DeviceError) {
                        let given = try sink.send(queue, atMost: min(count, limit))
                        outcome = .moved(given)
                        return given
                    } catch {
                        outcome = Self.outcome(of: error, orElse: .noRoom)
                        return 0
                    }
                }
            }
        } catch {
            guard error.isWouldBlock else { throw error }
            return .nothing
        }
        return outcome
    }

    private static func outcome(of error: DeviceError, orElse waiting: MovedBytes) -> MovedBytes {
        switch error.code {
        case EAGAIN: waiting
        case ENOBUFS: .noMemory
        default: .failed(error.code)
        }
    }
}
