@NullMarked
package io.limestone.cli.args;

import org.jspecify.annotations.NullMarked;
