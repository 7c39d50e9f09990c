@NullMarked
package io.limestone.tss;

import org.jspecify.annotations.NullMarked;
