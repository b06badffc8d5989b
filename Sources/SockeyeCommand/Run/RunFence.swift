import Equipment
import Memory
import Sockets

/// The firewall of a run, as its command line says it.
enum RunFence {
    /// - Parameters:
    ///   - rules: Without any there is no firewall.
    ///   - pools: Where answers to who is denied take their memory.
    ///   - recorder: Records what is denied.
    ///   - tally: Counts it.
    static func firewall(
        _ rules: [FirewallRule], pools: BufferPools, program: @escaping ProgramLookUp,
        _ recorder: LinkRecorder?, _ tally: LinkTally?
    ) -> LinkFirewall? {
        guard !rules.isEmpty else { return nil }
        return LinkFirewall(
            rules, pools: pools,
            program: { flow, way in
                program(flow.proto, way == .outgoing ? flow.sourcePort : flow.destinationPort)
            },
            event: { Terminal.error("sockeye: \($0)") },
            denial: { packet, way, reason in
                recorder?.packetDenied(packet, way, reason)
                tally?.packetDenied(packet, reason)
            })
    }
}
