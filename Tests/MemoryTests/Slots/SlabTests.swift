import Memory
import Testing

@Suite("Slab")
struct SlabTests {
    /// Counts the values that live.
    final class Census {
        var living = 0
    }

    /// A value that cannot be copied and says when it goes.
    struct Resident: ~Copyable {
        let number: Int
        let census: Census

        init(_ number: Int, _ census: Census) {
            self.number = number
            self.census = census
            census.living += 1
        }

        deinit { census.living -= 1 }
    }

    @Test("a name finds its value until the value is removed, and nothing after")
    func names() {
        var slab = Slab<Int>()
        let first = slab.insert(10)
        let second = slab.insert(20)
        #expect(slab[first] == 10 && slab[second] == 20)
        #expect(slab.count == 2)
        let removed = slab.remove(first)
        #expect(removed == 10)
        #expect(!slab.contains(first) && slab.contains(second))
    }

    @Test("a place that is given away again gets another name")
    func generations() {
        var slab = Slab<Int>()
        var names: Set<SlabIndex> = []
        for round in 0..<1000 {
            let name = slab.insert(round)
            #expect(name.place == 0 || slab.count > 1)
            #expect(names.insert(name).inserted)
            slab.remove(name)
            #expect(slab.contains(name) == false)
        }
        #expect(slab.placeCount == 64)
    }

    @Test("the place freed last is given away first")
    func lastInFirstOut() {
        var slab = Slab<Int>()
        let names = (0..<10).map { slab.insert($0) }
        slab.remove(names[3])
        slab.remove(names[7])
        #expect(slab.insert(0).place == names[7].place)
        #expect(slab.insert(0).place == names[3].place)
    }

    @Test("a value is changed in place")
    func mutation() {
        var slab = Slab<[Int]>()
        let name = slab.insert([1])
        slab[name].append(2)
        #expect(slab[name] == [1, 2])
    }

    @Test("made-up names name nothing")
    func invented() {
        var slab = Slab<Int>()
        let empty = slab.contains(SlabIndex(place: 0, generation: 1))
        #expect(!empty)
        let name = slab.insert(1)
        for (place, generation) in [(0, 0), (0, 2), (0, 3), (63, 0), (63, 1), (64, 1), (.max, 1)]
            as [(UInt32, UInt32)]
        {
            #expect(slab.contains(SlabIndex(place: place, generation: generation)) == false)
        }
        #expect(slab.contains(name) == true)
        #expect(slab.index(at: -1) == nil)
        #expect(slab.index(at: 64) == nil)
        #expect(slab.index(at: 1) == nil)
        #expect(slab.index(at: 0) == name)
    }

    @Test("values go when they are removed, and the rest with the slab")
    func lifetimes() {
        let census = Census()
        do {
            var slab = Slab<Resident>()
            let names = (0..<200).map { slab.insert(Resident($0, census)) }
            #expect(census.living == 200)
            for name in names.prefix(50) { slab.remove(name) }
            #expect(census.living == 150)
            let number = slab[names[150]].number
            #expect(number == 150)
        }
        #expect(census.living == 0)
    }

    @Test("it agrees with a dictionary over many random operations")
    func model() {
        var dice = Dice(1)
        var slab = Slab<UInt64>()
        var model: [SlabIndex: UInt64] = [:]
        var living: [SlabIndex] = []
        var gone: [SlabIndex] = []
        for _ in 0..<8_000 {
            if living.isEmpty || dice.next(100) < 52 {
                let value = dice.next()
                let name = slab.insert(value)
                #expect(model.updateValue(value, forKey: name) == nil)
                living.append(name)
            } else {
                let name = living.remove(at: dice.next(living.count))
                let value = slab.remove(name)
                #expect(model.removeValue(forKey: name) == value)
                gone.append(name)
            }
            #expect(slab.count == model.count)
            if let name = gone.randomElement(dice.next()) { #expect(slab.contains(name) == false) }
            if let name = living.randomElement(dice.next()) { #expect(slab[name] == model[name]) }
        }
        let found = (0..<slab.placeCount).compactMap { slab.index(at: $0) }
        #expect(Set(found) == Set(living))
    }
}

extension Array {
    /// The element that `number` points to, nil when there is none.
    func randomElement(_ number: UInt64) -> Element? {
        isEmpty ? nil : self[Int(number % UInt64(count))]
    }
}
