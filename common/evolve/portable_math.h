// Elementary functions that give the same double on every machine.
//
// sqrt and the four operations are fixed by IEEE 754; exp, log and cos are not: their last bit differs between C
// libraries and processors, and an LR that differs in its last bit can elect another member some generations later.
// These are computed in 113-bit software arithmetic and rounded once (docs/decisions/0003-portable-arithmetic.md).
// About ten microseconds each.
#pragma once

namespace eoa::evolve {

double PortableExp(double x);  // 0 and infinity at the ends; NaN stays NaN
double PortableLog(double x);  // x > 0
double CosPi(double x);        // cos(pi x), exact at multiples of 1/2, for |x| < 2^52

}  // namespace eoa::evolve
