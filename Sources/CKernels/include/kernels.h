// The umbrella of CKernels: arithmetic over plain arrays, nothing that allocates, fails, logs or decides.
#ifndef KZ_KERNELS_H
#define KZ_KERNELS_H

#include "checksum.h"
#include "coarse.h"
#include "cpu.h"
#include "encoder.h"
#include "scan.h"

#endif
