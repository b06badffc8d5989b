/// What a fuzzed host's peer does nearly all of the time.
public enum FuzzFocus: Sendable {
    case everything
    case tcp
    case reassembly
    case neighbours
    case autoconfiguration
    case groups
}
