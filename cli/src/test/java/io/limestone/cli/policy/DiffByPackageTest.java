package io.limestone.cli.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.cli.CommandRun;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two policies told apart by package, whatever knows the packages. */
class DiffByPackageTest extends OnPolicyFiles {
  private static final String A = "a".repeat(64);
  private static final String B = "b".repeat(64);

  @BeforeEach
  void policies() throws IOException {
    convert("old", A + " /usr/bin/httpd\n" + A + " /usr/bin/gone\n" + A + " /srv/own\n");
    convert("new", B + " /usr/bin/httpd\n" + B + " /usr/lib/mod.so\n" + B + " /usr/bin/fresh\n");
  }

  @Test
  void dpkgKnowsThePackages() throws IOException {
    write("root/var/lib/dpkg/info/httpd.list", "/usr/bin/httpd\n/lib/mod.so\n");
    write("root/var/lib/dpkg/info/gone:amd64.list", "/usr/bin/gone\n");
    write("root/var/lib/dpkg/info/fresh.list", "/usr/bin/fresh\n");
    saysIt(file("root"));
    CommandRun all =
        policy("diff", file("old"), file("new"), "--packages", file("root"), "--all").exits(1);
    all.says("package httpd", "    /usr/bin/httpd");
  }

  @Test
  void anRpmRepositoryKnowsThePackages() throws IOException {
    String lists =
        """
        <filelists xmlns="http://linux.duke.edu/metadata/filelists" packages="3">
        <package name="httpd"><version ver="2" rel="1"/><file>/usr/bin/httpd</file>
        <file>/usr/lib/mod.so</file></package>
        <package name="gone"><version ver="1" rel="1"/><file>/usr/bin/gone</file></package>
        <package name="fresh"><version ver="1" rel="1"/><file>/usr/bin/fresh</file></package>
        </filelists>
        """;
    String sum = HashAlg.SHA256.digest(Bytes.of(lists.getBytes(StandardCharsets.UTF_8))).hex();
    write("repo/repodata/filelists.xml", lists);
    write(
        "repo/repodata/repomd.xml",
        """
        <repomd xmlns="http://linux.duke.edu/metadata/repo"><data type="filelists">
        <checksum type="sha256">%s</checksum><location href="repodata/filelists.xml"/></data></repomd>
        """
            .formatted(sum));
    saysIt(file("repo"));
    policy("diff", file("old"), file("new"), "--packages", file("nowhere"))
        .exits(2)
        .says("has no data base of packages");
  }

  @Test
  void aDebianRepositoryKnowsThePackages() throws IOException {
    String contents =
        "usr/bin/httpd web/httpd\nlib/mod.so web/httpd\nusr/bin/gone x/gone\nusr/bin/fresh x/fresh\n";
    write("deb/dists/stable/main/Contents-amd64.gz", contents);
    write(
        "deb/dists/stable/Release",
        "Suite: stable\nSHA256:\n " + A + " " + contents.length() + " main/Contents-amd64.gz\n");
    saysIt(file("deb") + " stable main");
  }

  private void saysIt(String packages) {
    policy("diff", file("old"), file("new"), "--packages", packages)
        .exits(1)
        .says(
            "packages: 1 added, 1 removed, 1 changed",
            "fresh    added    1 added             may be installed and run",
            "gone     removed  1 removed           untrusted once they run it",
            "httpd    changed  1 added, 1 changed  untrusted while they run the version before",
            "1 digests removed: nodes that run these become untrusted",
            "  /srv/",
            "    own");
    JsonObject json =
        policy("diff", file("old"), file("new"), "--packages", packages, "--json").exits(1).json();
    assertThat(json.list("packages")).hasSize(3);
    assertThat(json.list("differences"))
        .extracting(one -> ((JsonObject) one).members().get("package"))
        .contains("httpd", "gone", "fresh", null);
  }

  private void convert(String name, String list) throws IOException {
    write(name + ".txt", list);
    policy("convert", file(name + ".txt"), "--output", file(name)).exits(0);
  }
}
