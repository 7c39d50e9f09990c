@NullMarked
package io.limestone.cli.node;

import org.jspecify.annotations.NullMarked;
