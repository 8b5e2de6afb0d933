#define TORCHNER_ISA baseline
#define TORCHNER_ISA_NAME "baseline"
#define TORCHNER_VECTOR_BYTES 16
#include "kernels/table.h"
