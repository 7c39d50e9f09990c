@NullMarked
package io.limestone.tpm;

import org.jspecify.annotations.NullMarked;
