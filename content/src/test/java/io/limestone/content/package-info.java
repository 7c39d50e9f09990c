@NullMarked
package io.limestone.content;

import org.jspecify.annotations.NullMarked;
