/// One bit that makes the number of ones even or odd: finds every odd number of wrong bits.
public enum Parity: Hashable, Sendable {
    case even, odd

    /// The bit to be added to bits of which `ones` are set.
    public func bit(ones: Int) -> Bool { (ones & 1 != 0) != (self == .odd) }

    /// The bit to be added to `bytes`.
    public func bit(of bytes: Span<UInt8>) -> Bool {
        var folded: UInt8 = 0
        for index in 0..<bytes.count { folded ^= bytes[index] }
        return bit(ones: folded.nonzeroBitCount)
    }

    /// Whether bits of which `ones` are set, the parity bit among them, are as they should be.
    public func isValid(ones: Int) -> Bool { !bit(ones: ones) }
}

/// A parity bit for each row and each column of a block of bits, and one for those: finds every
/// error of up to three bits, and tells which bit it was if it was one.
///
///     1 0 1 1 | 1
///     0 1 1 0 | 0
///     --------+--
///     1 1 0 1 | 1
public struct ParityBlock: Equatable, Sendable {
    /// What a check of a block finds.
    public enum Finding: Equatable, Sendable {
        case correct
        /// One bit is wrong, if no more than one is. A place in the last row or column is a parity
        /// bit's own.
        case oneBit(row: Int, column: Int)
        case severalBits
    }

    /// The parity of each row, of each column, and of all.
    public let rows: [Bool]
    public let columns: [Bool]
    public let corner: Bool

    /// Parities that arrived.
    public init(rows: [Bool], columns: [Bool], corner: Bool) {
        self.rows = rows
        self.columns = columns
        self.corner = corner
    }

    /// The parities of `bits`, in rows of `width`; the last row is filled up with zeros. At least
    /// one bit stands in a row.
    public init(_ bits: [Bool], width: Int, _ parity: Parity) {
        let width = max(1, width)
        let height = (bits.count + width - 1) / width
        var rowOnes = [Int](repeating: 0, count: height)
        var columnOnes = [Int](repeating: 0, count: width)
        var ones = 0
        for (place, bit) in bits.enumerated() where bit {
            rowOnes[place / width] += 1
            columnOnes[place % width] += 1
            ones += 1
        }
        rows = rowOnes.map { parity.bit(ones: $0) }
        columns = columnOnes.map { parity.bit(ones: $0) }
        corner = parity.bit(ones: ones)
    }

    /// What the parities that came with a block say of it: `self` are those computed from the bits
    /// that arrived.
    public func compare(with received: ParityBlock) -> Finding {
        let wrongRows = Self.differences(rows, received.rows)
        let wrongColumns = Self.differences(columns, received.columns)
        guard let wrongRows, let wrongColumns else { return .severalBits }
        let cornerDiffers = corner != received.corner
        switch (wrongRows.count, wrongColumns.count) {
        case (0, 0):
            return cornerDiffers ? .oneBit(row: rows.count, column: columns.count) : .correct
        case (1, 1) where cornerDiffers: return .oneBit(row: wrongRows[0], column: wrongColumns[0])
        case (1, 0) where !cornerDiffers: return .oneBit(row: wrongRows[0], column: columns.count)
        case (0, 1) where !cornerDiffers: return .oneBit(row: rows.count, column: wrongColumns[0])
        default: return .severalBits
        }
    }

    /// Where two lists differ; nil when they are not of one length.
    private static func differences(_ left: [Bool], _ right: [Bool]) -> [Int]? {
        guard left.count == right.count else { return nil }
        return left.indices.filter { left[$0] != right[$0] }
    }
}
