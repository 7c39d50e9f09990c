@NullMarked
package io.limestone.bench;

import org.jspecify.annotations.NullMarked;
