#pragma once

#include "kernels/activation.h"
#include "kernels/adamw.h"
#include "kernels/attention.h"
#include "kernels/dropout.h"
#include "kernels/matmul.h"
#include "kernels/matmul_int8.h"
#include "kernels/norm.h"

/** The last thing that a file for one instruction set includes. */
namespace torchner::kernels::TORCHNER_ISA {

extern const Kernels kTable;
const Kernels kTable = {
    .name = TORCHNER_ISA_NAME,
    .multiply = Multiply,
#if defined(__AVX512BF16__)
    .multiply_bf16 = MultiplyAs<BFloat16>,
#else
    .multiply_bf16 = nullptr,
#endif
    .multiply_int8 = MultiplyInt8,
    .pack = Pack,
    .drop = DropRows,
    .norm_forward = NormForwardRows,
    .norm_backward = NormBackwardRows,
    .activate = ActivateRows,
    .multiply_rows = MultiplyRowsBy,
    .column_sums = SumColumns,
    .attend = AttendHead,
    .attend_backward = AttendHeadBackward,
    .adamw = StepRange,
    .sum_of_squares = SumOfSquares,
};

}  // namespace torchner::kernels::TORCHNER_ISA
