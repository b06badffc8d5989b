// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target is built with: Swift 6, memory safety checked by the compiler, and no
/// warning let through.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableExperimentalFeature("Lifetimes"),
    .enableUpcomingFeature("ExistentialAny"),
]

/// A layer of the house. It may import only the layers it names; `docs/ARCHITECTURE.md` draws them.
func layer(_ name: String, on lower: [String] = []) -> Target {
    .target(
        name: name, dependencies: lower.map { .byName(name: $0) }, swiftSettings: settings)
}

func tests(of name: String, with others: [String] = [], without excluded: [String] = []) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: ([name] + others).map { .byName(name: $0) },
        exclude: excluded, swiftSettings: settings)
}

let package = Package(
    name: "sockeye",
    products: [
        .library(
            name: "Sockeye",
            targets: [
                "Memory", "Wire", "Stack", "Equipment", "Dissection", "Devices", "Sockets",
                "Names", "Sockeye",
            ]),
        .executable(name: "sockeye", targets: ["SockeyeCommand"]),
        .library(name: "sockeye-library", type: .dynamic, targets: ["SockeyeLibrary"]),
    ],
    targets: [
        // Pure layers: no system call, no clock, no thread.
        layer("Memory"),
        layer("Wire", on: ["Memory"]),
        layer("Stack", on: ["Memory", "Wire"]),
        layer("Equipment", on: ["Memory", "Wire", "Stack"]),
        layer("Dissection", on: ["Memory", "Wire"]),

        // The system.
        .target(name: "CLinux"),
        .target(name: "CPcap", linkerSettings: [.linkedLibrary("pcap")]),
        layer(
            "Devices", on: ["Memory", "Wire", "Stack", "Equipment", "CLinux", "CPcap"]),

        // The interface and what stands on it.
        layer("Sockets", on: ["Memory", "Wire", "Stack", "Equipment", "Devices"]),
        layer("Names", on: ["Memory", "Wire", "Stack", "Devices", "Sockets"]),
        layer("Sockeye", on: ["Wire", "Stack", "Devices", "Sockets", "Names"]),
        layer("Setup", on: ["Memory", "Wire", "Stack", "Equipment", "Devices", "Sockets"]),
        // The Berkeley calls for C: `libsockeye.so`. The last target is nothing but how it is linked:
        // with the Swift runtime inside.
        .target(name: "CSockeye"),
        layer(
            "SockeyeC",
            on: ["Memory", "Wire", "Stack", "Devices", "Sockets", "Names", "Setup", "CSockeye"]),
        .target(
            name: "SockeyeLibrary", dependencies: ["SockeyeC"], exclude: ["exports.map"],
            swiftSettings: settings,
            linkerSettings: [
                .unsafeFlags([
                    "-static-stdlib", "-Xlinker",
                    "--version-script=\(Context.packageDirectory)/Sources/SockeyeLibrary/exports.map",
                ])
            ]),
        layer("Services", on: ["Memory", "Wire", "Stack", "Devices", "Sockets", "Names"]),
        layer(
            "Gateway",
            on: ["Memory", "Wire", "Stack", "Devices", "Sockets", "Names", "Services"]),
        layer(
            "Launcher",
            on: [
                "Memory", "Wire", "Stack", "Equipment", "Devices", "Sockets", "Names", "Services",
                "CLinux",
            ]
        ),
        .executableTarget(
            name: "SockeyeCommand",
            dependencies: [
                "Memory", "Wire", "Stack", "Equipment", "Dissection", "Devices", "Sockets",
                "Names", "Setup", "Services", "Launcher", "Gateway",
            ],
            swiftSettings: settings),

        .executableTarget(
            name: "StackBenchmark", dependencies: ["Memory", "Wire", "Stack"],
            path: "Benchmarks/StackBenchmark", swiftSettings: settings),
        .executableTarget(
            name: "GatewayBenchmark",
            dependencies: ["Memory", "Wire", "Stack", "Devices", "Sockets", "Gateway"],
            path: "Benchmarks/GatewayBenchmark", swiftSettings: settings),
        .executableTarget(
            name: "TwoHosts",
            dependencies: ["Memory", "Wire", "Stack", "Equipment", "Devices", "Sockets"],
            path: "Examples/TwoHosts", swiftSettings: settings),
        // A client of web servers that runs on every network, and programs of it.
        .target(
            name: "HTTPClient",
            dependencies: ["Wire", "Stack", "Equipment", "Sockets", "Services"],
            path: "Examples/HTTPClient", swiftSettings: settings),
        .executableTarget(
            name: "OneProgram",
            dependencies: ["HTTPClient", "Wire", "Sockets", "Services"],
            path: "Examples/OneProgram", swiftSettings: settings),
        .executableTarget(
            name: "ThousandClients", dependencies: ["HTTPClient"],
            path: "Examples/ThousandClients", swiftSettings: settings),

        // Servers in the styles of the textbooks.
        .executableTarget(
            name: "Servers", dependencies: ["Wire", "Stack", "Devices", "Sockets"],
            path: "Examples/Servers", swiftSettings: settings),
        .executableTarget(name: "ForkServer", path: "Examples/ForkServer"),
        tests(of: "Servers", with: ["Wire", "Stack", "Devices", "Sockets", "ForkServer"]),

        tests(of: "Memory"),
        tests(of: "Wire", with: ["Memory"]),
        tests(
            of: "Stack",
            with: ["Memory", "Wire", "Equipment", "FrameFuzzing"]),
        // Programs of the tests' own, built with optimisation: no allocation per packet; arbitrary
        // frames.
        .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
        .executableTarget(
            name: "CountAllocations",
            dependencies: ["Memory", "Wire", "Stack", "Equipment", "CAllocationCounter"],
            path: "Tests/CountAllocations", swiftSettings: settings),
        .target(
            name: "FrameFuzzing", dependencies: ["Memory", "Wire", "Stack"],
            path: "Tests/FrameFuzzing", swiftSettings: settings),
        .executableTarget(
            name: "FuzzFrames", dependencies: ["Stack", "FrameFuzzing"], path: "Tests/FuzzFrames",
            swiftSettings: settings),
        // Calls at random on sockets, in tests and by the million.
        .target(
            name: "CallFuzzing",
            dependencies: ["Wire", "Stack", "Equipment", "Sockets", "FrameFuzzing"],
            path: "Tests/CallFuzzing", swiftSettings: settings),
        .executableTarget(
            name: "FuzzCalls", dependencies: ["CallFuzzing"], path: "Tests/FuzzCalls",
            swiftSettings: settings),
        tests(
            of: "Devices",
            with: [
                "Memory", "Wire", "Stack", "Equipment", "Sockets", "CLinux", "CAllocationCounter",
            ]),
        // What the tests of programs on several networks share.
        .target(
            name: "NetworkTesting",
            dependencies: ["Memory", "Wire", "Stack", "Equipment", "Devices", "Sockets"],
            path: "Tests/NetworkTesting", swiftSettings: settings),
        tests(
            of: "HTTPClient",
            with: ["Memory", "Wire", "Devices", "Sockets", "Services", "NetworkTesting"]),
        tests(
            of: "Sockets",
            with: [
                "Memory", "Wire", "Stack", "Equipment", "Devices", "NetworkTesting", "CallFuzzing",
            ]),
        tests(of: "Sockeye"),
        tests(
            of: "Names", with: ["Memory", "Wire", "Stack", "Equipment", "Devices", "Sockets"]),
        tests(of: "Services", with: ["Memory", "Wire", "Stack", "Devices", "Sockets", "Names"]),
        tests(
            of: "Gateway",
            with: ["Memory", "Wire", "Stack", "Devices", "Sockets", "Names", "CLinux"]),
        // A program of the tests' own: the launcher over the kernel's sockets.
        .executableTarget(
            name: "KernelRun", dependencies: ["Launcher", "Sockets"],
            path: "Tests/KernelRun", swiftSettings: settings),
        tests(of: "Launcher", with: ["Wire", "CLinux", "KernelRun"], without: ["Programs"]),
        // Names looked up over the kernel's sockets or a host's, for Tests/Integration.
        .executableTarget(
            name: "LookUp",
            dependencies: ["Memory", "Wire", "Stack", "Devices", "Sockets", "Names"],
            path: "Tests/LookUp", swiftSettings: settings),
        // A host that listens to groups, for Tests/Integration.
        .executableTarget(
            name: "MulticastHost", dependencies: ["Memory", "Wire", "Stack", "Devices", "Sockets"],
            path: "Tests/MulticastHost", swiftSettings: settings),
        // The scripts of Tests/Behaviour over `Socket`, for Tests/Integration.
        .executableTarget(
            name: "SwiftCalls",
            dependencies: ["Wire", "Stack", "Devices", "Sockets", "Setup"],
            path: "Tests/SwiftCalls", swiftSettings: settings),
        tests(of: "SockeyeCommand", with: ["Wire", "Stack", "Equipment", "Devices", "Setup"]),
        tests(of: "Equipment", with: ["Memory", "Wire", "Stack"]),
        tests(of: "Dissection", with: ["Memory", "Wire"]),
    ]
)
