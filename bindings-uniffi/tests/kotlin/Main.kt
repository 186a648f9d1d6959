import kotlin.system.exitProcess

fun main() {
    importTests()
    encryptTests()
    hostileTests()
    transcriptTests()
    exitProcess(Tests.end())
}
