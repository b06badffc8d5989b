import CPcap
import Stack

/// Filters of packets from libpcap's language, as `tcpdump` takes it.
public enum FilterCompiler {
    /// The instructions of `expression`, eight bytes each as Linux lays them out.
    ///
    /// - Throws: `EINVAL` for what is no expression, `E2BIG` for one that no socket would take.
    public static func compile(
        _ expression: String, _ linkType: CaptureFile.LinkType
    ) throws(DeviceError) -> [UInt64] {
        let link = linkType == .ethernet ? CPCAP_ETHERNET : CPCAP_RAW_IP
        var words = [UInt64](repeating: 0, count: PacketFilter.limit)
        let count = unsafe cpcap_compile(expression, link, &words, Int32(words.count))
        guard count >= 0 else {
            throw DeviceError("compile the filter \"\(expression)\"", result: count)
        }
        return Array(words.prefix(Int(count)))
    }
}
