@NullMarked
package io.limestone.evidence;

import org.jspecify.annotations.NullMarked;
