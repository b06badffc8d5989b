import Services
import Setup
import Sockets
import Wire

/// `services.sockeye`: what answers at 10.0.2.4 and fd00:2::4 without any network.
struct BuiltInServices {
    private let serving: [Task<Void, Never>]

    /// - Parameters:
    ///   - network: That of the host which has the addresses.
    ///   - addresses: Where they are served.
    init(on network: Network, at addresses: [IPAddress]) throws(CommandError) {
        let kinds: [ServiceRequest.Kind] = [
            .echo, .discard, .daytime, .chargen, .http(directory: nil),
        ]
        var serving: [Task<Void, Never>] = []
        for address in addresses {
            var options = ServiceSet.Options()
            options.address = address
            do throws(ServiceError) {
                let set = try ServiceSet(
                    kinds.map { ServiceRequest($0) }, on: network, options: options)
                serving.append(Task { await set.run() })
            } catch {
                throw .failure("services.sockeye: \(error)")
            }
        }
        self.serving = serving
    }

    func end() {
        for task in serving { task.cancel() }
    }
}
