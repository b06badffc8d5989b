/* Where the sockets are. The kernel's are in a network namespace that the runner has made;
 * Sockeye's on a host with the same addresses. */
#include "interpreter.h"

#ifdef SOCKEYE
void prepareHost(void) {
    static const char host[] =
        "--dummy link0 --address 10.9.0.2/24 --address fd09::2/64 --route 224.0.0.0/4";
    if (sockeye_open(host) != 0) wrong("no host: %s", sockeye_error());
}
#else
void prepareHost(void) {}
#endif
