#define TORCHNER_ISA avx2
#define TORCHNER_ISA_NAME "avx2"
#define TORCHNER_VECTOR_BYTES 32
#include "kernels/table.h"
