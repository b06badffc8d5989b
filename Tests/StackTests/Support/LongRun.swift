import Foundation

/// Whether tests may take their time: `SOCKEYE_LONG_TESTS=1`.
let isLongRun = ProcessInfo.processInfo.environment["SOCKEYE_LONG_TESTS"] == "1"
