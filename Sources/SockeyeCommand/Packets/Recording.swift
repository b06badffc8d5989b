import Devices
import Dissection
import Memory
import Setup
import Sockets

/// Where the packets of a link are shown and kept.
struct Recording {
    let file: CaptureFile?
    let printer: PacketPrinter?

    /// - Parameters:
    ///   - path: The capture file, if there is to be one.
    ///   - linkType: What its packets begin with.
    ///   - printer: What prints each packet, if anything does.
    init(
        path: String?, linkType: CaptureFile.LinkType = .ethernet, printer: PacketPrinter? = nil
    ) throws(CommandError) {
        self.printer = printer
        guard let path else {
            file = nil
            return
        }
        do throws(DeviceError) {
            file = try CaptureFile(path: path, linkType: linkType)
        } catch {
            throw .failure("\(error)")
        }
    }

    /// What a link shows its packets to; nil where nobody looks.
    var observer: PacketObserver? {
        guard file != nil || printer != nil else { return nil }
        let (file, printer) = (file, printer)
        return { packet in
            file?.record(packet)
            printer?.show(packet)
        }
    }

    /// Ends the capture; fails when some of it could not be written.
    func close() throws(CommandError) {
        if let error = file?.close() { throw .failure("\(error)") }
    }
}
