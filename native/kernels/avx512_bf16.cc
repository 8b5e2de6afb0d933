#define TORCHNER_ISA avx512_bf16
#define TORCHNER_ISA_NAME "avx512_bf16"
#define TORCHNER_VECTOR_BYTES 64
#include "kernels/table.h"
