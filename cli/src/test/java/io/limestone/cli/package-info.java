@NullMarked
package io.limestone.cli;

import org.jspecify.annotations.NullMarked;
