@NullMarked
package io.limestone.cli.boot;

import org.jspecify.annotations.NullMarked;
