import Memory
import Testing

@Suite("Ring")
struct RingTests {
    @Test("first in, first out")
    func order() {
        var ring = Ring<Int>()
        let none = ring.popFirst()
        #expect(none == nil)
        for number in 0..<100 { ring.append(number) }
        #expect(ring.count == 100)
        for number in 0..<100 {
            let first = ring.popFirst()
            #expect(first == number)
        }
        #expect(ring.isEmpty == true)
    }

    @Test("it agrees with an array over many random operations")
    func model() {
        var dice = Dice(2)
        var ring = Ring<UInt64>()
        var model: [UInt64] = []
        for _ in 0..<8_000 {
            switch dice.next(7) {
            case 0, 1, 2:
                let value = dice.next()
                ring.append(value)
                model.append(value)
            case 3:
                let value = dice.next()
                ring.prepend(value)
                model.insert(value, at: 0)
            case 4 where !model.isEmpty:
                let place = dice.next(model.count)
                ring[place] &+= 1
                model[place] &+= 1
            default:
                let first = ring.popFirst()
                #expect(first == (model.isEmpty ? nil : model.removeFirst()))
            }
            #expect(ring.count == model.count)
            if let place = model.indices.randomElement(dice.next()) {
                #expect(ring[place] == model[place])
            }
            if model.count > 300 {
                while ring.popFirst() != nil {}
                model = []
            }
        }
    }

    @Test("elements that were not taken go with the ring, across the wrap too")
    func lifetimes() {
        let census = SlabTests.Census()
        do {
            var ring = Ring<SlabTests.Resident>()
            for number in 0..<6 { ring.append(SlabTests.Resident(number, census)) }
            for _ in 0..<4 { _ = ring.popFirst() }
            for number in 0..<5 { ring.append(SlabTests.Resident(number, census)) }
            ring.prepend(SlabTests.Resident(9, census))
            let (first, count) = (ring[0].number, ring.count)
            #expect(first == 9)
            #expect(count == 8 && census.living == 8)
            ring.append(SlabTests.Resident(10, census))
            #expect(census.living == 9)
        }
        #expect(census.living == 0)
    }
}

extension Range<Int> {
    func randomElement(_ number: UInt64) -> Int? {
        isEmpty ? nil : lowerBound + Int(number % UInt64(count))
    }
}
