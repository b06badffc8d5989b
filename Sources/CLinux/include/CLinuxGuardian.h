/// A small process between a launcher and its program, so that nothing of the program outlives the
/// launcher, however that ends.
///
///     shell ── launcher ── guardian ── program ── …
///
/// The guardian is the subreaper of everything the program starts: whoever loses its parent, a
/// daemon of two forks too, becomes the guardian's child. When the launcher is gone the guardian
/// kills its children until it has none, then itself ends. When the guardian is gone its children
/// become the launcher's, which is a subreaper too and goes on.
///
/// Functions that can fail return a negated errno.
#ifndef CLINUX_GUARDIAN_H
#define CLINUX_GUARDIAN_H

#include <stdint.h>

#include "CLinuxSeccomp.h"

struct clinux_guardian {
    int32_t process;
    /// Where it is told what to do and reports; closed on exec. Its end is the launcher's end.
    int socket;
};

/// Forks the guardian, which waits to be told to start the program. To be called early: the program
/// gets the descriptors, directory, limits and handling of signals that the caller has now, and the
/// guardian keeps the caller's memory as it is now. All signals are blocked in it but `mask` is the
/// program's, a `sigset_t`, or the calling thread's where NULL.
int clinux_guardian_start(const char *file, char *const arguments[], char *const environment[],
                          const void *mask, struct clinux_guardian *guardian);

/// Has the guardian start the program, as `clinux_spawn_filtered` does, and waits until it has.
int clinux_guardian_launch(const struct clinux_guardian *guardian, int32_t *process, int *listener,
                           int *stage);

/// Takes one report: 1, 0 when there is none now, -EPIPE when the guardian is gone. It tells of
/// changes of the program itself, and with CLINUX_CHILD_NONE that nothing is left of it and of all
/// it started.
int clinux_guardian_report(const struct clinux_guardian *guardian,
                           struct clinux_child_report *report);

/// Has the guardian remove the file `path`, which is absolute, when the launcher ends without having
/// taken that back with `is_entrusted` 0. It remembers up to 16.
int clinux_guardian_entrust(const struct clinux_guardian *guardian, const char *path,
                            int is_entrusted);

#endif
