import Memory
import Wire

/// The parsers of IPv6 and of what goes with it, and those of groups and of IPv4's options.
extension ParserTargets {
    /// The first byte names the header that comes first, the rest follows the fixed header.
    static func ipv6Extensions(_ bytes: [UInt8]) -> String? {
        guard let first = bytes.first, bytes.count < 65_000 else { return nil }
        var packet = [UInt8](repeating: 0, count: IPv6Header.byteCount)
        var span = packet.mutableSpan
        IPv6Header(
            payloadCount: UInt16(bytes.count - 1), nextHeader: IPProtocol(rawValue: first),
            source: IPv6Address(high: 1, low: 1), destination: IPv6Address(high: 1, low: 2)
        ).write(to: &span)
        packet += bytes.dropFirst()
        if let problem = walk(packet) { return problem }
        do throws(WireError) {
            let whole = try IPv6Packet(packet.span)
            do throws(IPv6ExtensionError) {
                let extensions = try IPv6Extensions(whole)
                if extensions.offset < 40 || extensions.offset > packet.count {
                    return "a header outside the packet"
                }
                if extensions.protoOffset >= packet.count { return "a name outside the packet" }
                if packet[extensions.protoOffset] != extensions.proto.rawValue {
                    return "a protocol that nobody named"
                }
                _ = try IPv6Extensions(passing: whole)
                return nil
            } catch .problem(let problem) {
                return problem.pointer > packet.count ? "a fault outside the packet" : nil
            } catch {
                return nil
            }
        } catch {
            return "a packet was refused"
        }
    }

    private static func walk(_ packet: [UInt8]) -> String? {
        do throws(WireError) {
            let whole = try IPv6Packet(packet.span)
            var cursor = IPv6ExtensionCursor(whole)
            var steps = 0
            while let field = try cursor.next() {
                steps += 1
                if field.count == 0 || field.offset + field.count > packet.count || steps > 64 {
                    return "a header outside the packet"
                }
            }
            return nil
        } catch {
            return nil
        }
    }

    static func icmpv6(_ bytes: [UInt8]) -> String? {
        do throws(WireError) {
            let message = try ICMPv6Message(bytes.span)
            return message.payload.count == message.payloadCount
                ? nil : "a payload that is not the message's"
        } catch {
            return bytes.count < 8 ? nil : "a message was refused"
        }
    }

    static func ndp(_ bytes: [UInt8]) -> String? {
        do throws(WireError) {
            let packet = try RouterAdvertisementPacket(bytes.span)
            var offset = 0
            var steps = 0
            while let prefix = packet.options.nextPrefix(&offset) {
                steps += 1
                if prefix.prefix.length > 128 || steps > bytes.count { return "\(prefix)" }
            }
            offset = 0
            while let servers = packet.options.nextRecursiveServers(&offset) {
                for index in 0..<servers.count {
                    _ = packet.options.server(index, of: servers)
                }
            }
            _ = packet.options.mtu
            _ = packet.options.nonce
        } catch {
            // No advertisement of a router; of a neighbour perhaps.
        }
        do throws(WireError) { _ = try RouterSolicitationPacket(bytes.span).options.nonce } catch {}
        do throws(WireError) {
            let packet = try NeighbourSolicitationPacket(bytes.span)
            _ = (packet.target, packet.options.sourceLinkAddress, packet.options.nonce)
        } catch {}
        do throws(WireError) {
            let packet = try NeighbourAdvertisementPacket(bytes.span)
            _ = (packet.target, packet.options.targetLinkAddress, packet.overrides)
        } catch {}
        do throws(WireError) {
            let packet = try RedirectPacket(bytes.span)
            _ = (packet.target, packet.destination, packet.options.targetLinkAddress)
            return packet.options.redirectedPacket.count <= bytes.count ? nil : "too much"
        } catch {
            return nil
        }
    }

    static func igmp(_ bytes: [UInt8]) -> String? {
        do throws(WireError) {
            let message = try IGMPMessage(bytes.span)
            _ = (message.group, message.checksumIsValid)
        } catch {}
        do throws(WireError) {
            let query = try IGMPQuery(bytes.span)
            _ = (query.maximumResponseTime, query.queryInterval, query.robustness)
            for index in 0..<query.sources.count where !query.sources[index].isIPv4 {
                return "a source of another family"
            }
        } catch {}
        return report(bytes, isIPv4: true)
    }

    static func mld(_ bytes: [UInt8]) -> String? {
        do throws(WireError) { _ = try MLDMessage(bytes.span).group } catch {}
        do throws(WireError) {
            let query = try MLDQuery(bytes.span)
            _ = (query.maximumResponseDelay, query.queryInterval, query.robustness)
            for index in 0..<query.sources.count { _ = query.sources[index] }
        } catch {}
        return report(bytes, isIPv4: false)
    }

    private static func report(_ bytes: [UInt8], isIPv4: Bool) -> String? {
        do throws(WireError) {
            let report = try GroupReport(bytes.span, isIPv4: isIPv4)
            var offset = 0
            for _ in 0..<report.recordCount {
                let record = try report.record(at: offset)
                guard record.byteCount > 0 else { return "a record of nothing" }
                for index in 0..<record.sources.count { _ = record.sources[index] }
                offset += record.byteCount
            }
            return offset <= bytes.count - 8 ? nil : "a record outside"
        } catch {
            return nil
        }
    }

    /// What a host leaves in options on their way, and what it sends back by them.
    static func ipv4Trace(_ bytes: [UInt8]) -> String? {
        let before = Array(bytes.prefix(40))
        let options = IPv4Options(before.span)
        let trace = IPv4OptionTrace(address: IPv4Address(10, 0, 0, 1), time: 77)
        var after = before
        var span = after.mutableSpan
        if options.malformedOffset == nil { trace.leave(in: &span, options) }
        let list = IPv4OptionList(answering: before.span, leaving: trace)
        let copied = IPv4OptionList(copiedFrom: before.span)
        if list.count > 40 || copied.count > 40 { return "more options than fit" }
        // Nothing but the room for addresses and times has changed.
        return after.count == before.count ? nil : "options that grew"
    }
}
