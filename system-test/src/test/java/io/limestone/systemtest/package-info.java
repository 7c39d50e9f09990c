/** End to end, on real parts: swtpm, the real Keylime from PyPI, the real launcher. */
@NullMarked
package io.limestone.systemtest;

import org.jspecify.annotations.NullMarked;
