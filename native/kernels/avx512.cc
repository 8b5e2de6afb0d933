#define TORCHNER_ISA avx512
#define TORCHNER_ISA_NAME "avx512"
#define TORCHNER_VECTOR_BYTES 64
#include "kernels/table.h"
