// Sockeye: all of it under one name, and above the Berkeley calls a few types in the manner of
// Swift's own frameworks: listeners, connections and channels that are asynchronous sequences.
//
// May use: everything below. Promises: nothing here waits but by suspending, nothing reads ahead of
// whoever asks, so that backpressure reaches the peer, and the same program runs on each network.
@_exported import Devices
@_exported import Names
@_exported import Sockets
@_exported import Stack
@_exported import Wire
