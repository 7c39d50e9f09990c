@NullMarked
package io.limestone.cli.appraise;

import org.jspecify.annotations.NullMarked;
