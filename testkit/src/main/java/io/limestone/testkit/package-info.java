@NullMarked
package io.limestone.testkit;

import org.jspecify.annotations.NullMarked;
