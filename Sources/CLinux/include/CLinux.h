/// Linux structures and calls that Swift cannot import: variadic calls, macros, unions.
#ifndef CLINUX_H
#define CLINUX_H

#include <stdint.h>

#include "CLinuxDevices.h"
#include "CLinuxDirectory.h"
#include "CLinuxGuardian.h"
#include "CLinuxLocal.h"
#include "CLinuxNamespaces.h"
#include "CLinuxSeccomp.h"

#endif
