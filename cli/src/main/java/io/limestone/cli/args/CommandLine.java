package io.limestone.cli.args;

import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.List;

/** Runs what a command line asks for and turns failures into a message and an exit code. */
public final class CommandLine {
  private CommandLine() {}

  /** The exit code: 0 done or trusted, 1 failed or untrusted, 2 unusable arguments or input. */
  public static int run(Command root, Output output, List<String> words)
      throws InterruptedException {
    String name = root.name();
    try {
      switch (Parser.parse(root, words)) {
        case Parser.Parsed.ShowHelp help ->
            output.out().print(Help.of(help.path(), help.command()));
        case Parser.Parsed.Run run -> {
          name = run.path();
          return run.command().action().run(run.arguments(), output);
        }
      }
      return 0;
    } catch (CommandFailed e) {
      output.note(name + ": " + e.getMessage());
      return e.exitCode();
    } catch (MalformedException e) {
      output.note(name + ": " + Encoding.printable(String.valueOf(e.getMessage()), 2000));
      return 2;
    } catch (IOException e) {
      output.note(name + ": " + Encoding.printable(describe(e), 2000));
      return e instanceof FileSystemException ? 2 : 1;
    } finally {
      output.out().flush();
      output.err().flush();
    }
  }

  /** The message of a file exception is the name alone; its class says what is wrong with it. */
  private static String describe(IOException e) {
    return switch (e) {
      case NoSuchFileException missing -> "no such file: " + missing.getMessage();
      case AccessDeniedException denied -> "may not be read: " + denied.getMessage();
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    };
  }
}
