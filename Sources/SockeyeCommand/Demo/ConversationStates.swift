import Stack
import Wire

/// The states of both ends of a conversation, as its segments tell them (RFC 9293, figure 5).
struct ConversationStates {
    private(set) var client = ConnectionState.closed
    private(set) var server = ConnectionState.listen
    private let clientAddress: SocketAddress
    /// What each side's FIN is acknowledged with.
    private var clientEnd: SequenceNumber?
    private var serverEnd: SequenceNumber?

    init(client: SocketAddress) { clientAddress = client }

    /// Takes in the next segment of the conversation; other packets change nothing.
    mutating func follow(_ frame: Span<UInt8>) {
        do throws(WireError) {
            let packet = try IPv4Packet(try EthernetFrame(frame).payload)
            guard packet.proto == .tcp else { return }
            let segment = try TCPSegment(packet.payload)
            let source = SocketAddress(
                address: IPAddress(packet.source), port: segment.sourcePort)
            let end = segment.sequence.advanced(by: segment.sequenceCount)
            let ack = segment.flags.contains(.ack) ? segment.acknowledgment : nil
            if source == clientAddress {
                Self.send(segment.flags, end, ack, &client, &server, &clientEnd, serverEnd)
            } else {
                Self.send(segment.flags, end, ack, &server, &client, &serverEnd, clientEnd)
            }
        } catch {
            return
        }
    }

    /// One end sends and the other receives.
    private static func send(
        _ flags: TCPFlags, _ end: SequenceNumber, _ ack: SequenceNumber?,
        _ sender: inout ConnectionState, _ receiver: inout ConnectionState,
        _ senderEnd: inout SequenceNumber?, _ receiverEnd: SequenceNumber?
    ) {
        if let ack, let receiverEnd, ack >= receiverEnd { acknowledgeFin(&receiver) }
        switch (flags.contains(.syn), ack != nil) {
        case (true, false): (sender, receiver) = (.synSent, .synReceived)
        case (true, true): receiver = .established
        case (false, true) where receiver == .synReceived: receiver = .established
        default: break
        }
        if flags.contains(.fin) {
            senderEnd = end
            sender = sender == .closeWait ? .lastAck : .finWait1
            receiver = receiver == .finWait2 ? .timeWait : .closeWait
        }
    }

    private static func acknowledgeFin(_ state: inout ConnectionState) {
        switch state {
        case .finWait1: state = .finWait2
        case .closing: state = .timeWait
        case .lastAck: state = .closed
        default: break
        }
    }
}
