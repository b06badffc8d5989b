// SockeyeLibrary: the interface for C as a library of its own, with the Swift runtime inside. There
// is nothing here but the wish to be linked so; the calls are those of SockeyeC.
import SockeyeC
