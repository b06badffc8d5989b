import Testing

@testable import Services

@Suite("Places of a service", .timeLimit(.minutes(1)))
struct ServiceSlotsTests {
    @Test("whoever comes when all are taken waits until one is given back")
    func waiting() async {
        let slots = ServiceSlots(2)
        #expect(await slots.take())
        #expect(await slots.take())
        async let third = slots.take()
        slots.give()
        #expect(await third)
    }

    @Test("a cancelled task gets none, whether it waits already or comes later")
    func cancellation() async {
        let slots = ServiceSlots(1)
        #expect(await slots.take())
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await slots.take() }
            group.cancelAll()
            for await hasPlace in group { #expect(!hasPlace) }
        }
    }
}
