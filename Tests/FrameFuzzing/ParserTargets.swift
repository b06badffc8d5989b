import Memory
import Wire

/// Every parser, with the promise that it keeps: no trap, nothing read from outside, and what it
/// read can be written and read again.
enum ParserTargets {
    static func ethernet(_ bytes: [UInt8]) -> String? {
        do throws(WireError) {
            let frame = try EthernetFrame(bytes.span)
            let count = frame.payload.count
            let header = EthernetHeader(
                destination: frame.destination, source: frame.source, etherType: frame.etherType)
            guard count + 14 == bytes.count, frame.payloadCount == count else {
                return "a payload that is not the rest of the frame"
            }
            var again = [UInt8](repeating: 0, count: 14)
            var span = again.mutableSpan
            header.write(to: &span)
            return again[...] == bytes[..<14] ? nil : "a header that is written differently"
        } catch {
            return bytes.count < 14 ? nil : "a frame was refused"
        }
    }

    static func arp(_ bytes: [UInt8]) -> String? {
        do throws(WireError) {
            let message = ARPMessage(try ARPPacket(bytes.span))
            var again = [UInt8](repeating: 0, count: ARPMessage.byteCount)
            var span = again.mutableSpan
            message.write(to: &span)
            return again[...] == bytes[..<28] ? nil : "a message that is written differently"
        } catch {
            return nil
        }
    }

    static func ipv4(_ bytes: [UInt8]) -> String? {
        _ = quotedIPv4(bytes)
        do throws(WireError) {
            let packet = try IPv4Packet(bytes.span)
            let (headerCount, totalCount) = (packet.headerCount, packet.totalCount)
            guard packet.options.count == headerCount - 20,
                packet.payload.count == totalCount - headerCount, totalCount <= bytes.count
            else { return "parts that are not the packet" }
            let options = IPv4Options(packet.options)
            let isValid = packet.checksumIsValid
            let isStrange = bytes[6] & 0x80 != 0 || bytes[10] == 0xFF || headerCount > 20
            let header = IPv4Header(packet)
            guard !isStrange, options.malformedOffset == nil else { return nil }
            var again = [UInt8](repeating: 0, count: 20)
            var span = again.mutableSpan
            header.write(to: &span)
            let isSame = again[...] == bytes[..<20]
            return isSame == isValid ? nil : "a header that is written differently"
        } catch {
            return nil
        }
    }

    private static func quotedIPv4(_ bytes: [UInt8]) -> Int {
        do throws(WireError) {
            let packet = try IPv4Packet(quoted: bytes.span)
            return packet.payload.count
        } catch {
            return -1
        }
    }

    static func ipv4Options(_ bytes: [UInt8]) -> String? {
        let count = min(bytes.count, 40)
        let options = IPv4Options(bytes.span.extracting(first: count))
        if let offset = options.malformedOffset, offset < 20 || Int(offset) > 20 + count {
            return "a fault outside the options"
        }
        return nil
    }

    static func ipv6(_ bytes: [UInt8]) -> String? {
        do throws(WireError) {
            let packet = try IPv6Packet(bytes.span)
            guard packet.payload.count == packet.payloadCount else {
                return "a payload that is not the packet's"
            }
            let header = IPv6Header(
                trafficClass: packet.trafficClass, flowLabel: packet.flowLabel,
                payloadCount: UInt16(packet.payloadCount), nextHeader: packet.nextHeader,
                hopLimit: packet.hopLimit, source: packet.source, destination: packet.destination)
            var again = [UInt8](repeating: 0, count: 40)
            var span = again.mutableSpan
            header.write(to: &span)
            return again[...] == bytes[..<40] ? nil : "a header that is written differently"
        } catch {
            return nil
        }
    }

    static func icmp(_ bytes: [UInt8]) -> String? {
        do throws(WireError) {
            let message = try ICMPMessage(bytes.span)
            let header = ICMPHeader(
                type: message.type, code: message.code, rest: message.rest,
                checksum: message.checksum)
            let isValid = message.checksumIsValid
            guard message.payload.count == message.payloadCount else {
                return "a payload that is not the message's"
            }
            var again = bytes
            var span = again.mutableSpan
            header.write(to: &span)
            guard again == bytes else { return "a header that is written differently" }
            span = again.mutableSpan
            header.write(toMessage: &span)
            // Two sums stand for zero.
            let isAmbiguous = [0, 0xFFFF].contains(header.checksum)
            return isAmbiguous || (again == bytes) == isValid ? nil : "a sum that is another"
        } catch {
            return bytes.count < 8 ? nil : "a message was refused"
        }
    }

    static func udp(_ bytes: [UInt8]) -> String? {
        do throws(WireError) {
            let datagram = try UDPDatagram(bytes.span)
            let (length, count) = (datagram.length, datagram.payload.count)
            for address in [IPAddress.v4(10, 0, 0, 1), IPAddress(high: 1, low: 2)] {
                let isValid = datagram.checksumIsValid(source: address, destination: address)
                if isValid, datagram.checksum == 0, !address.isIPv4 {
                    return "no checksum over IPv6"
                }
            }
            return count == length - 8 && length <= bytes.count ? nil : "a length that lies"
        } catch {
            return nil
        }
    }

    static func tcp(_ bytes: [UInt8]) -> String? {
        do throws(WireError) {
            let segment = try TCPSegment(bytes.span)
            let (header, count) = (segment.headerCount, segment.payload.count)
            let optionsCount = segment.options.count
            _ = segment.checksumIsValid(
                source: .v4(10, 0, 0, 1), destination: .v4(10, 0, 0, 2))
            guard header + count == bytes.count, optionsCount == header - 20 else {
                return "parts that are not the segment"
            }
            return tcpOptions(Array(bytes[20..<header]))
        } catch {
            return nil
        }
    }

    static func tcpOptions(_ bytes: [UInt8]) -> String? {
        let options = TCPOptions(bytes.span.extracting(first: min(bytes.count, 40)))
        if let scale = options.windowScale, scale > TCPOptions.maximumWindowScale {
            return "a window scale above 14"
        }
        if options.maximumSegmentSize == 0 { return "a segment size of nothing" }
        let count = options.encodedCount
        guard count <= TCPHeader.maximumOptionsCount else { return "more options than fit" }
        var again = [UInt8](repeating: 0, count: count)
        var span = again.mutableSpan
        guard options.write(to: &span, at: 0) == count else { return "a count that is another" }
        var second = TCPOptions(again.span)
        second.malformed = options.malformed
        // Blocks beyond what fits beside the others are left out.
        let isWhole = options.encodedSackBlockCount == options.sackBlocks.count
        return second == options || !isWhole ? nil : "options that are read differently"
    }

    static func quote(_ bytes: [UInt8]) -> String? {
        do throws(WireError) {
            let packet = try IPv4Packet(quoted: bytes.span)
            let quote = try TransportQuote(packet.payload)
            let start = packet.headerCount
            let port = UInt16(bytes[start]) << 8 | UInt16(bytes[start + 1])
            return quote.sourcePort == port ? nil : "a port from elsewhere"
        } catch {
            return nil
        }
    }

    static func addresses(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        if let address = IPv4Address(text), IPv4Address("\(address)") != address {
            return "\(address)"
        }
        if let address = IPv6Address(text), IPv6Address("\(address)") != address {
            return "\(address)"
        }
        if let address = IPAddress(text), IPAddress("\(address)") != address {
            return "\(address)"
        }
        if let address = MACAddress(text), MACAddress("\(address)") != address {
            return "\(address)"
        }
        if let prefix = IPPrefix(text), IPPrefix("\(prefix)") != prefix { return "\(prefix)" }
        if let address = SocketAddress(text), SocketAddress("\(address)") != address {
            return "\(address)"
        }
        return nil
    }
}
