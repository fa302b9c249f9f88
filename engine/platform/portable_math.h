// exp, log, sin, cos and pow in double, the same bits on every machine: libm's differ.
// Relative error below 1e-15.
#pragma once

namespace kelvin::portable {

double exp(double x);  // +0 below -745.2, +infinity above 709.8; gradual underflow in between
double log(double x);  // -infinity at 0, NaN below

// |x| up to 2^30; the argument is reduced with pi/2 in three parts.
double sin(double x);
double cos(double x);

// x^y for x > 0. Throws std::domain_error for other x.
double pow(double x, double y);

}  // namespace kelvin::portable
